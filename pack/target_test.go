package pack

import "testing"

// The config says what the module is for, and the platform stays what runtimes choose by.
func TestTargetLabel(t *testing.T) {
	const wasip1 = tiny + "\x01\x04\x01\x60\x00\x00" + "\x02\x23\x01\x16wasi_snapshot_preview1\x08fd_write\x00\x00"
	const wasip2 = "\x00asm\x0d\x00\x01\x00" + "\x0a\x18\x01\x00\x13wasi:cli/exit@0.2.3\x05\x00"
	for name, tt := range map[string]struct {
		module string
		labels map[string]string
		want   string
	}{
		"no WASI":          {tiny, nil, ""},
		"a module":         {wasip1, nil, "wasip1"},
		"a component":      {wasip2, nil, "wasip2"},
		"beside others":    {wasip2, map[string]string{"a": "b"}, "wasip2"},
		"the caller's own": {wasip2, map[string]string{LabelTarget: "mine"}, "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := Image([]byte(tt.module), Options{Config: Config{Labels: tt.labels}})
			check(t, err)
			config, err := img.ConfigFile()
			check(t, err)
			if got := config.Config.Labels[LabelTarget]; got != tt.want {
				t.Errorf("label %q, want %q", got, tt.want)
			}
			if config.Config.Labels["a"] != tt.labels["a"] || config.OS != "wasi" || config.Architecture != "wasm" {
				t.Errorf("config %+v", config)
			}
		})
	}
}
