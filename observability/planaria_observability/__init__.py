"""The workshop of what people look at: dashboards, the metrics page, and pictures of both. None of it ships."""
