"""The parts of the tool `contact_lookup`: names, topics, and how they are ranked."""
