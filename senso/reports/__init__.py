"""Reports of an org's numbers: values in, text out. `page` is for a manager, `sheet` for a spreadsheet."""
