"""From an `Observation` to a `SemanticState`. Rules here; vLLM and the encoder are further extractors."""
