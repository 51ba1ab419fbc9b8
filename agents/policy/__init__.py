"""What holds whatever a model says: emergencies first, no invented literal, quotes verbatim."""
