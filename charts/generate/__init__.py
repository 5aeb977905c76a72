"""What of the chart is made from something else: `python -m charts.generate`."""
