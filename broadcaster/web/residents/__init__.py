"""What a resident opens: signing up, changing, leaving, their own data; and their texts, where they need a person."""
