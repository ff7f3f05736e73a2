"""The cohort language: who is in a study, from when to when, said in small frozen parts."""
