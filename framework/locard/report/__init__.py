"""Reports: a model of a case, and exporters that write it as HTML, PDF or JSON."""
