//go:build duckdb_arrow

package walks

import (
	"bufio"
	"cmp"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// showTime is how long each picture stands, in hundredths of a second.
const showTime = 200

// animate makes one moving picture of those in a folder. The colours are the 255 most
// frequent ones of all; what a picture has in common with the one before is left out.
func animate(t *testing.T, folder, file string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.png"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var pictures []image.Image
	for _, name := range names {
		pictures = append(pictures, decode(t, name))
	}
	colours := append(color.Palette{color.Transparent}, frequent(pictures)...)
	nearest := map[color.Color]uint8{}
	moving := &gif.GIF{}
	last := make([]uint8, 0)
	for _, p := range pictures {
		frame := image.NewPaletted(p.Bounds(), colours)
		whole := slices.Clone(frame.Pix)
		for i := range whole {
			c := p.At(i%frame.Stride, i/frame.Stride)
			at, known := nearest[c]
			if !known {
				at = uint8(colours[1:].Index(c) + 1)
				nearest[c] = at
			}
			if whole[i] = at; len(last) == 0 || last[i] != at {
				frame.Pix[i] = at
			}
		}
		last = whole
		moving.Image, moving.Delay = append(moving.Image, frame), append(moving.Delay, showTime)
		moving.Disposal = append(moving.Disposal, gif.DisposalNone)
	}
	out, err := os.Create(file)
	require.NoError(t, err)
	defer out.Close()
	require.NoError(t, gif.EncodeAll(out, moving))
}

func decode(t *testing.T, name string) image.Image {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	p, err := png.Decode(bufio.NewReader(file))
	require.NoError(t, err)
	return p
}

// frequent are the colours that most points have.
func frequent(pictures []image.Image) color.Palette {
	points := map[color.Color]int{}
	for _, p := range pictures {
		for y := range p.Bounds().Dy() {
			for x := range p.Bounds().Dx() {
				points[p.At(x, y)]++
			}
		}
	}
	out := make(color.Palette, 0, len(points))
	for c := range points {
		out = append(out, c)
	}
	weight := func(c color.Color) uint32 { r, g, b, _ := c.RGBA(); return r<<16 ^ g<<8 ^ b }
	slices.SortFunc(out, func(a, b color.Color) int {
		return cmp.Or(cmp.Compare(points[b], points[a]), cmp.Compare(weight(a), weight(b)))
	})
	return out[:min(255, len(out))]
}
