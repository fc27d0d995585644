"""How well answers are read, measured on labelled answers; docs/labelling.md says what a label means."""
