"""The policy service: numpy, ONNX Runtime and one HTTP worker. No torch, and nothing is ever unpickled."""
