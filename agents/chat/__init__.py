"""Instruct models: any GGUF by its own chat template, or any OpenAI-compatible server."""
