"""The room of meaning: from an `Observation` to a `SemanticState` (equations 2 and 3 of the paper).

    Observation -> window/ -> rules/ | encoder/ | vllm/ -> Opinion -> state.py -> SemanticState

It knows the contract, ONNX Runtime and the OpenAI client. It knows neither Kubernetes nor torch, so the operator, the
trainer and the command line read evidence with the very same code.
"""
