"""Who thinks: the model runtime, its prompt, its constraints and its policies."""
