"""The hands. Builders turn a decision into a plan; the one actor carries a plan out."""
