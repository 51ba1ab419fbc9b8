"""Feeding the store: crawl, extract, chunk, embed."""
