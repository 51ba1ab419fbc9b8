"""From a website to a model: data, fine-tuning, export, evaluation."""
