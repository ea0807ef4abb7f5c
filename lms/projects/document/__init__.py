"""A whole work as one document (naskah): what stands in it, and its printers to Word and PDF."""
