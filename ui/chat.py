"""The app's entry: `frontdesk chat`, which runs `python -m streamlit run ui/chat.py`."""

from frontdesk.ui.app import run

run()
