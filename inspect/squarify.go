package inspect

// rect is a rectangle in tenths of a pixel. Integers give the same picture on
// every processor.
type rect struct{ x, y, w, h int64 }

// inset is the rectangle without a border, and without a strip at its top.
func (r rect) inset(border, top int64) rect {
	return rect{r.x + border, r.y + top, max(0, r.w-2*border), max(0, r.h-top-border)}
}

// squarify divides a rectangle into one for each size, of areas in proportion
// and as close to squares as it gets. Sizes are positive, the largest first.
// Bruls, Huizing, van Wijk: Squarified Treemaps (2000).
func squarify(sizes []int64, r rect) []rect {
	out := make([]rect, 0, len(sizes))
	var rest int64
	for _, s := range sizes {
		rest += s
	}
	for len(sizes) > 0 {
		n, sum := bestRow(sizes, r, rest)
		out = append(out, placeRow(sizes[:n], sum, rest, &r)...)
		sizes, rest = sizes[n:], rest-sum
	}
	return out
}

// bestRow returns how many of the next sizes make the best row along the
// shorter side, and their sum.
func bestRow(sizes []int64, r rect, rest int64) (n int, sum int64) {
	short, long := min(r.w, r.h), max(r.w, r.h)
	worst := -1.0
	for i, s := range sizes {
		next := sum + s
		thick := scale(long, next, rest)
		ratio := max(aspect(scale(short, sizes[0], next), thick), aspect(scale(short, s, next), thick))
		if worst >= 0 && ratio > worst {
			return i, sum
		}
		worst, sum = ratio, next
	}
	return len(sizes), sum
}

// placeRow puts a row along the shorter side of r and takes its place from r.
func placeRow(row []int64, sum, rest int64, r *rect) []rect {
	out := make([]rect, len(row))
	upright := r.w >= r.h // the row stands at the left
	side, thick := r.w, scale(r.h, sum, rest)
	if upright {
		side, thick = r.h, scale(r.w, sum, rest)
	}
	var before int64
	for i, s := range row {
		from, to := scale(side, before, sum), scale(side, before+s, sum)
		if upright {
			out[i] = rect{r.x, r.y + from, thick, to - from}
		} else {
			out[i] = rect{r.x + from, r.y, to - from, thick}
		}
		before += s
	}
	if upright {
		r.x, r.w = r.x+thick, r.w-thick
	} else {
		r.y, r.h = r.y+thick, r.h-thick
	}
	return out
}

// scale is the part of a length. Sizes of files and lengths of pictures are far
// from an overflow.
func scale(length, part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	return length * part / whole
}

func aspect(a, b int64) float64 {
	if a <= 0 || b <= 0 {
		return 1e18
	}
	return float64(max(a, b)) / float64(min(a, b))
}
