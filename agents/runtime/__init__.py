"""The engine: one llama.cpp context for many people, its scheduler, its constraints."""
