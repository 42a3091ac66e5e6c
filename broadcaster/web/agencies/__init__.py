"""What an agency opens, by a mail's link or signed in. GET shows and changes nothing: mail scanners follow links."""
