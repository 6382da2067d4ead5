"""The model catalogue: ONNX models with their cards, pinned by hash. No model has landed yet."""
