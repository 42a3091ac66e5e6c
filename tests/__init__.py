"""The tests mirror the product; `unit` is one piece, `flow` is a story through many, the rest says its name."""
