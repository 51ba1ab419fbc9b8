"""The bundled model: the evidence it reads, its prompt, and how its choices are read."""
