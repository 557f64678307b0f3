package strictyaml

import "slices"

// Nearest returns the name that is most like the given one, when it is like it at all: at most a third of it differs.
func Nearest(given string, names []string) string {
	if len(names) == 0 || len(given) > 64 {
		return ""
	}
	best := slices.MinFunc(names, func(a, b string) int { return distance(given, a) - distance(given, b) })
	if distance(given, best)*3 > max(len(given), len(best)) {
		return ""
	}
	return best
}

// distance is the number of letters to add, drop, change or swap with the neighbour to make b of a.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
