package wasm

// maxProducers bounds the bytes of a producers section that is worth reading.
const maxProducers = 64 << 10

// producers reads who made the module:
// https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md
func (f *file) producers(m *Module, s Section) error {
	if s.Size > maxProducers {
		return nil
	}
	c, err := f.window(s.Offset, s.Size, s.Name)
	if err != nil {
		return err
	}
	fields, err := c.count(2, maxProducers, "fields")
	if err != nil {
		return err
	}
	var all []Producer
	for range fields {
		if all, err = c.producerField(all); err != nil {
			return err
		}
	}
	m.Producers = append(m.Producers, all...)
	return nil
}

func (c *cursor) producerField(all []Producer) ([]Producer, error) {
	field, err := c.name("a producers field")
	if err != nil {
		return nil, err
	}
	n, err := c.count(2, maxProducers, "producers")
	if err != nil {
		return nil, err
	}
	for range n {
		p := Producer{Field: field}
		if p.Name, err = c.name("a producer's name"); err != nil {
			return nil, err
		}
		if p.Version, err = c.name("a producer's version"); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
