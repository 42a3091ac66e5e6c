"""What agencies and providers said: acknowledgements, chases, notices, trouble."""
