from almanac import catalogue


def test_totals():
    assert catalogue.totals(catalogue.database(catalogue.load("")))[0] == ("fruit", 2, 0.262)
