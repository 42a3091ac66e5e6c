"""The timeline that can be proved: a hash chain in the transaction of each change, and its signed checkpoints."""
