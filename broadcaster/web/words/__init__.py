"""The words of every text: read by everybody, edited by an administrator, approved by a second person."""
