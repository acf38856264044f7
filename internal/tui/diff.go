package tui

// diffRow is one line of a file with what became of it.
type diffRow struct {
	mark   byte // ' ' kept, '+' added, '-' removed
	before int  // index in the earlier version, for '-' and ' '
	after  int  // index in the later version, for '+' and ' '
}

// tooMuchToCompare bounds the table of the comparison, in cells.
const tooMuchToCompare = 4 << 20

// compare lists the lines of after, with those of before that are gone, by their longest common subsequence.
func compare(before, after []string) []diffRow {
	var rows []diffRow
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		rows = append(rows, diffRow{' ', head, head})
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head &&
		before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	rows = append(rows, compareMiddle(before[head:len(before)-tail], after[head:len(after)-tail], head)...)
	for i := tail; i > 0; i-- {
		rows = append(rows, diffRow{' ', len(before) - i, len(after) - i})
	}
	return rows
}

func compareMiddle(a, b []string, offset int) []diffRow {
	var rows []diffRow
	n, m := len(a), len(b)
	i, j := 0, 0
	if n*m <= tooMuchToCompare {
		longest := make([][]int, n+1)
		for i := range longest {
			longest[i] = make([]int, m+1)
		}
		for i := n - 1; i >= 0; i-- {
			for j := m - 1; j >= 0; j-- {
				if a[i] == b[j] {
					longest[i][j] = longest[i+1][j+1] + 1
				} else {
					longest[i][j] = max(longest[i+1][j], longest[i][j+1])
				}
			}
		}
		for i < n && j < m {
			switch {
			case a[i] == b[j]:
				rows = append(rows, diffRow{' ', offset + i, offset + j})
				i, j = i+1, j+1
			case longest[i+1][j] >= longest[i][j+1]:
				rows = append(rows, diffRow{'-', offset + i, 0})
				i++
			default:
				rows = append(rows, diffRow{'+', 0, offset + j})
				j++
			}
		}
	}
	for ; i < n; i++ {
		rows = append(rows, diffRow{'-', offset + i, 0})
	}
	for ; j < m; j++ {
		rows = append(rows, diffRow{'+', 0, offset + j})
	}
	return rows
}
