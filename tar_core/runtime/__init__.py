"""Running the networks: on ONNX Runtime by default, or on PyTorch."""
