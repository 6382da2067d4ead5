"""Training of networks: config, loop, checkpoints, log and curves; export to ONNX.

Nothing here knows what is trained. It needs the extra ``train``; what only runs a model needs
:mod:`locard.inference` alone.
"""
