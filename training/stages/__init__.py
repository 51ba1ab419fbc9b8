"""The stages of `frontdesk train`: one file each, each a script of its own."""
