def plugin():
    return "plugged"
