"""Compiled LangGraph graphs, ready to be embedded in other apps."""
