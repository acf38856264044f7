package docker

import (
	"errors"
	"fmt"
	"strings"
)

// descriptor points to a blob of an OCI layout (OCI Image Specification, "Content Descriptors").
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Annotations map[string]string `json:"annotations"`
	Platform    struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
	} `json:"platform"`
}

// attests tells whether what is pointed to says how an image was built (BuildKit's attestation storage). No engine runs
// it, as no machine is of its platform.
func (d descriptor) attests() bool {
	return d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" &&
		d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// ociIndex is an index or a manifest, whichever it turns out to be.
type ociIndex struct {
	Manifests []descriptor `json:"manifests"`
	Config    descriptor   `json:"config"`
	Layers    []descriptor `json:"layers"`
}

// otherNames lists the names that index.json and repositories give to images.
func (in inventory) otherNames() ([]string, error) {
	var names []string
	var index ociIndex
	if _, there := in["index.json"]; there {
		if err := in.decode("index.json", &index); err != nil {
			return nil, err
		}
		for _, d := range index.Manifests {
			if name := d.Annotations["io.containerd.image.name"]; name != "" {
				names = append(names, name)
			}
		}
	}
	var old map[string]map[string]string
	if _, there := in["repositories"]; there {
		if err := in.decode("repositories", &old); err != nil {
			return nil, err
		}
		for name, tags := range old {
			for tag := range tags {
				names = append(names, name+":"+tag)
			}
		}
	}
	return names, nil
}

// indexAgrees makes sure that the OCI layout of an archive has the image c and no other.
func (in inventory) indexAgrees(c Content) error {
	found := 0
	var index ociIndex
	if err := in.decode("index.json", &index); err != nil {
		return err
	}
	if err := in.followIndex(index, c, &found, 0); err != nil {
		return err
	}
	if found == 0 {
		return errors.New("index.json names no image")
	}
	return nil
}

// maxIndexDepth is how many indexes may stand in each other: Docker writes two.
const maxIndexDepth = 3

func (in inventory) followIndex(index ociIndex, c Content, found *int, depth int) error {
	if depth > maxIndexDepth || len(index.Manifests) > 16 {
		return errors.New("index.json leads too far")
	}
	for _, d := range index.Manifests {
		if depth > 0 && d.attests() {
			continue
		}
		name, err := in.blob(d)
		if err != nil {
			return err
		}
		var m ociIndex
		if err := in.decode(name, &m); err != nil {
			return err
		}
		if len(m.Manifests) > 0 {
			if err := in.followIndex(m, c, found, depth+1); err != nil {
				return err
			}
			continue
		}
		if m.Config.Digest != c.ID {
			return errors.New("index.json names another image than manifest.json")
		}
		var layers []string
		for _, l := range m.Layers {
			file, err := in.blob(l)
			if err != nil {
				return err
			}
			layers = append(layers, file)
		}
		if err := in.hasLayers(c, layers); err != nil {
			return err
		}
		*found++
	}
	return nil
}

// blob gives the name of the file that a descriptor points to, which must have the digest that it says.
func (in inventory) blob(d descriptor) (string, error) {
	sum, ok := strings.CutPrefix(d.Digest, "sha256:")
	if !ok {
		return "", fmt.Errorf("%q is no digest that is known here", d.Digest)
	}
	name := "blobs/sha256/" + sum
	e, err := in.file(name)
	if err != nil {
		return "", err
	}
	if e.sum != sum {
		return "", fmt.Errorf("%q is not what its digest says", name)
	}
	return name, nil
}
