"""What the words of an answer show about an org and about its competitors, found without a model."""
