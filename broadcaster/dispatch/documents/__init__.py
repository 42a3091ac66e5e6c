"""What machines read: CAP made once in the releasing transaction, published by one writer, posted to IPAWS."""
