"""Fine-tunes the encoder that reads a question together with a text: LoRA on all-MiniLM-L6-v2."""
