"""From a Hugging Face folder to a served model: merge, GGUF, quantise, compare, other formats."""
