"""Fine-tuning of any Hugging Face causal model: data, SFT, DPO, and the encoder as a classifier."""
