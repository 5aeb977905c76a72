"""Every brake, in a fixed order. A guard is a pure function from a proposal to a verdict with a reason code."""
