// Runs a trained network: tensors are {shape, data}, layers are plain numbers
// as a program exports them. A few operations do; a library for all of them
// would weigh more than the page.
"use strict"
live.engine = (() => {
  const flat = nested => Float64Array.from([nested].flat(Infinity))
  const tensor = (shape, data) => ({shape, data: data ?? new Float64Array(shape.reduce((a, b) => a * b, 1))})
  const map = (x, f) => tensor(x.shape, x.data.map(f))
  const kept = new WeakMap() // arrays of a layer, made flat once
  const numbers = nested => {
    if (!kept.has(nested)) kept.set(nested, flat(nested))
    return kept.get(nested)
  }

  const sigmoid = v => 1 / (1 + Math.exp(-v))

  // weight: out x in; x: any number of rows of `in` numbers
  const linear = (x, {weight, bias}) => {
    const W = numbers(weight), out = weight.length, size = weight[0].length
    const rows = x.data.length / size
    const y = tensor([...x.shape.slice(0, -1), out])
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < out; o++) {
        let sum = bias ? bias[o] : 0
        for (let i = 0; i < size; i++) sum += W[o * size + i] * x.data[r * size + i]
        y.data[r * out + o] = sum
      }
    }
    return y
  }

  // x: C x H x W; weight: O x C x K x K, padded so that H and W stay
  const conv = (x, {weight, bias}) => {
    const W = numbers(weight), [C, H, V] = x.shape
    const O = weight.length, K = weight[0][0].length, pad = K >> 1
    const y = tensor([O, H, V])
    for (let o = 0; o < O; o++) for (let i = 0; i < H; i++) for (let j = 0; j < V; j++) {
      let sum = bias ? bias[o] : 0
      for (let c = 0; c < C; c++) for (let u = 0; u < K; u++) {
        const row = i + u - pad
        if (row < 0 || row >= H) continue
        for (let v = 0; v < K; v++) {
          const column = j + v - pad
          if (column < 0 || column >= V) continue
          sum += W[((o * C + c) * K + u) * K + v] * x.data[(c * H + row) * V + column]
        }
      }
      y.data[(o * H + i) * V + j] = sum
    }
    return y
  }

  // largest of each square of size x size; without a size, of each channel
  const pool = (x, {size}) => {
    const [C, H, V] = x.shape
    const rows = size ?? H, columns = size ?? V
    const h = Math.floor(H / rows), v = Math.floor(V / columns)
    const y = tensor([C, h, v])
    y.data.fill(-Infinity)
    for (let c = 0; c < C; c++) for (let i = 0; i < h * rows; i++) for (let j = 0; j < v * columns; j++) {
      const at = (c * h + Math.floor(i / rows)) * v + Math.floor(j / columns)
      y.data[at] = Math.max(y.data[at], x.data[(c * H + i) * V + j])
    }
    return y
  }

  const softmax = (x, {temperature = 1} = {}) => {
    const size = x.shape.at(-1), y = tensor(x.shape)
    for (let r = 0; r < x.data.length; r += size) {
      const row = x.data.subarray(r, r + size)
      const top = row.reduce((a, b) => Math.max(a, b), -Infinity)
      let sum = 0
      for (let i = 0; i < size; i++) sum += y.data[r + i] = Math.exp((row[i] - top) / temperature)
      for (let i = 0; i < size; i++) y.data[r + i] /= sum
    }
    return y
  }

  const norm = (x, {weight, bias, eps = 1e-5}) => {
    const size = x.shape.at(-1), y = tensor(x.shape)
    for (let r = 0; r < x.data.length; r += size) {
      let mean = 0, square = 0
      for (let i = 0; i < size; i++) mean += x.data[r + i] / size
      for (let i = 0; i < size; i++) square += (x.data[r + i] - mean) ** 2 / size
      for (let i = 0; i < size; i++) y.data[r + i] = (x.data[r + i] - mean) / Math.sqrt(square + eps) * weight[i] + bias[i]
    }
    return y
  }

  // Q, K: T x D, V: T x E; position t sees 0..t
  const attention = (Q, K, V) => {
    const [T, D] = Q.shape, E = V.shape[1]
    const scores = tensor([T, T])
    for (let t = 0; t < T; t++) for (let s = 0; s < T; s++) {
      let sum = 0
      for (let d = 0; d < D; d++) sum += Q.data[t * D + d] * K.data[s * D + d]
      scores.data[t * T + s] = s > t ? -Infinity : sum / Math.sqrt(D)
    }
    const weights = softmax(scores), y = tensor([T, E])
    for (let t = 0; t < T; t++) for (let s = 0; s <= t; s++) for (let e = 0; e < E; e++) {
      y.data[t * E + e] += weights.data[t * T + s] * V.data[s * E + e]
    }
    return {weights, y}
  }

  // One step of an LSTM; gates in PyTorch's order i, f, g, o
  const lstm = (x, h, c, {weight_ih, weight_hh, bias}) => {
    const H = h.length
    const at = (k, squash) => Array.from({length: H}, (_, n) => {
      const row = k * H + n
      let sum = bias[row]
      x.forEach((v, i) => { sum += weight_ih[row][i] * v })
      h.forEach((v, i) => { sum += weight_hh[row][i] * v })
      return squash(sum)
    })
    const i = at(0, sigmoid), f = at(1, sigmoid), g = at(2, Math.tanh), o = at(3, sigmoid)
    const cell = c.map((v, n) => f[n] * v + i[n] * g[n])
    return {i, f, g, o, c: cell, h: cell.map((v, n) => o[n] * Math.tanh(v))}
  }

  const kinds = {
    linear, conv, pool, softmax, norm,
    relu: x => map(x, v => Math.max(0, v)),
    tanh: x => map(x, Math.tanh),
    sigmoid: x => map(x, sigmoid),
    flatten: x => tensor([x.data.length], x.data),
  }

  return {
    tensor, flat, map, linear, conv, pool, softmax, norm, attention, lstm, sigmoid,
    // the outputs of all layers, in order
    run: (layers, x) => layers.map(layer => (x = kinds[layer.kind](x, layer))),
  }
})()
