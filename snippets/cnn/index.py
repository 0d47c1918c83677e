"""Try."""
# --8<-- [start:data]
import torch
import matplotlib.pyplot as plt

x = torch.linspace(0, 1, 20)
print("mean", x.mean())
# --8<-- [end:data]

# --8<-- [start:figure]
fig, ax = plt.subplots(num="line")
ax.plot(x, x**2, label="square")
ax.plot(x, x, label="x")
ax.legend()
ax.set_xlabel("x")
plt.show()
# --8<-- [end:figure]

# --8<-- [start:results]
results = {"mean": x.mean().item()}
print(results)
# --8<-- [end:results]
