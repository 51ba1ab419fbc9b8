"""Fine-tunes the encoder that passages are found by: LoRA on all-MiniLM-L6-v2."""
