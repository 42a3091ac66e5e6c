"""What goes out of this database so that another machine can send, and what comes in."""
