"""The pipeline: stages in order, each with a folder that says what went in and what came out."""
