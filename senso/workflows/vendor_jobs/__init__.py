"""Jobs at a vendor that answers later: submitted, matched with the vendor's own list, polled, cancelled, audited."""
