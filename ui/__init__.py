"""The faces: command line and Streamlit chat."""
