# How model.onnx was made: a small CNN, quantised by onnxruntime.quantization (QDQ, unsigned activations, signed weights).
# The arrays are what the graph gives without optimisation, on any processor.
import numpy as np, onnxruntime as ort
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

def make(source, reader):
    quantize_static(source, 'model.onnx', reader, quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)

def reference(path, feeds, tensors):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options).run(tensors, feeds)
