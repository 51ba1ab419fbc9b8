"""How good a model is at this desk: one verdict a question, measures with intervals, a report."""
