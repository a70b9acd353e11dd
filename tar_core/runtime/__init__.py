"""Running the networks: on ONNX Runtime by default, or on PyTorch."""

import os

# Before ONNX Runtime is imported. Otherwise, version 1.29 and newer sends facts about the machine and the networks to
# Microsoft, keeps an identifier of the machine in the user's folder and writes to the folder for temporary files.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
